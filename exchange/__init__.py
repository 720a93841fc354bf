"""In and out: the original scripts' files, verbatim prompts, data sets and frames."""
