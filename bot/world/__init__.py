"""Everything that touches the outside: git, forges, artifacts, data, and the sandbox."""
