"""The webhook server: it verifies, stores and answers; every job is a verb in its own process.

Read in this order: signature, errands, ledger, intake, app, crew, child, running.
"""
