"""The files of a report, in the folder of its artifact and in that of a run."""

PAGE_FILE = "report.html"
# The same to compute with.
CONTENT_FILE = "report.json"
# The same page with what `ctr ablate` found: that of a release stays what was read.
ABLATION_PAGE_FILE = "report_with_ablation.html"
