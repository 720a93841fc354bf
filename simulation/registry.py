"""What the `inspect_ai` entry point loads: the model provider `simulated`."""

from inspect_ai.model import ModelAPI, modelapi


@modelapi(name="simulated")
def simulated() -> type[ModelAPI]:
    """Provide `simulated/target`, `simulated/judge` and `simulated/judge-lenient`."""
    # Imported late: the entry point is loaded by every Inspect command, used or not.
    from simulation.provider import SimulatedAPI

    return SimulatedAPI
