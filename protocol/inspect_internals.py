"""All that is private in Inspect and used here, each with why, and what public route is missing.

Nothing of Inspect is patched. `tests/protocol/test_inspect_internals.py` names the member that is gone
when a newer Inspect breaks one of these.
"""

# The only error that Inspect prints without a traceback; nothing public is.
from inspect_ai._util.error import PrerequisiteError

# A header's scorers are typed with these, which `EvalSpec` wants when a log is made of files.
from inspect_ai.log._log import EvalMetricDefinition, EvalScorer

# `generate(cache=...)` keeps unreadable replies too; only these keep a reply once it has been read.
from inspect_ai.model._cache import CacheEntry, cache_fetch, cache_store

# What `--max-retries` gave is known only here; `Model.config` holds a role's own settings.
from inspect_ai.model._generate_config import active_generate_config

__all__ = [
    "CacheEntry",
    "EvalMetricDefinition",
    "EvalScorer",
    "PrerequisiteError",
    "active_generate_config",
    "cache_fetch",
    "cache_store",
]
