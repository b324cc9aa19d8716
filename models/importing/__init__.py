"""Import of leads from CSV: good rows once, refused rows with line and reason, all in one transaction."""

from models.importing.leads import ImportOptions, import_bytes, import_file
from models.importing.preview import Preview, preview
from models.importing.report import ImportRefused, ImportReport, Refusals, RefusedRow

__all__ = [
    "ImportOptions",
    "ImportRefused",
    "ImportReport",
    "Preview",
    "Refusals",
    "RefusedRow",
    "import_bytes",
    "import_file",
    "preview",
]
