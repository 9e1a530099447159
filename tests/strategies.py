"""Locks as hypothesis draws them: every field, every awkward name, always without contradiction."""

from __future__ import annotations

from datetime import UTC, date, datetime

from hypothesis import strategies as st

from bot.core.lock import Artifact, Entry, Hold, Lineage, Manifest, Model, Release

_AWKWARD = ["no", "on", "y", "null", "true", "nan", "0e12345", "12e3456", "1.10", "1_000", "0x1f"]
_LOWER = st.from_regex(r"[a-z0-9][a-z0-9._-]{0,8}", fullmatch=True)
names = st.one_of(st.sampled_from(_AWKWARD), _LOWER)
"""Model and stage names, those that a careless reader takes for another type among them."""
versions = st.one_of(
    st.sampled_from(["1", "2", "10", "1.9", "1.10", "no", "1e3", "0e12345", "012", "1_000"]),
    st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,8}", fullmatch=True),
)
_seen = st.characters(
    codec="utf-8",
    exclude_categories=["Cc", "Cf", "Cs", "Zl", "Zp", "Cn", "Co"],
    exclude_characters="\u180e",
)
lines = st.one_of(
    st.sampled_from(
        ["# no comment", "a: b", "- a", "'", '"', "\\", "{a: 1}", " padded ", "~", "@x"]
    ),
    st.text(_seen, min_size=1, max_size=12),
)
"""One line of text, those that YAML would read as structure among them."""
digests = st.integers(0, 2**64).map(lambda n: f"sha256:{n:064x}")
moments = st.datetimes(datetime(1970, 1, 2), datetime(2999, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 -- hypothesis wants naive bounds
artifacts = st.builds(
    Artifact,
    uri=lines,
    digest=digests,
    flavor=st.sampled_from(["onnx", "skops", "joblib"]),
    module=st.none() | st.just("model.predict"),
)
lineages = st.builds(
    Lineage,
    code=st.none() | lines,
    data=st.none() | digests,
    manifest=st.none() | st.builds(Manifest, uri=lines, digest=digests),
    environment=st.none() | digests,
    requirements=st.none() | lines,
    parameters=st.none()
    | st.dictionaries(
        lines | names, st.text(_seen | st.sampled_from("\n\t"), max_size=8), max_size=3
    ),
    created=st.none() | moments,
    parent=st.none() | versions,
)
entries = st.builds(Entry, artifact=artifacts, lineage=st.just(Lineage()) | lineages)
days = st.dates(date(2000, 1, 1), date(2100, 1, 1))


@st.composite
def models(draw: st.DrawFn) -> Model:
    """Draw a model that agrees with itself."""
    registered = draw(st.dictionaries(versions, entries, min_size=1, max_size=4))
    known = st.sampled_from(sorted(registered))
    retired = draw(st.dictionaries(known, lines, max_size=2))
    serving = [version for version in registered if version not in retired]
    stages = (
        st.dictionaries(names, st.sampled_from(serving), max_size=3) if serving else st.just({})
    )
    holds = st.builds(
        Hold, reason=lines, by=lines, until=st.none() | days, version=st.none() | known
    )
    return Model(
        versions=registered,
        depends_on=draw(st.dictionaries(names, names, max_size=2)),
        stages=draw(stages),
        traffic=draw(st.dictionaries(names, st.integers(0, 100), max_size=2)),
        holds=draw(st.dictionaries(names, holds, max_size=2)),
        released=draw(
            st.dictionaries(known, st.builds(Release, reason=lines, by=lines), max_size=2)
        ),
        retired=retired,
    )


locks = st.dictionaries(names, models(), max_size=4)
"""Whole locks, by model name."""
