"""What is fixed: panels, conditions, rubrics, reference figures and pinned sources."""
