"""C, the other axis: how far a condition's completions look like an emergent-misalignment finetune's."""
