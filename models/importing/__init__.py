"""Import of leads from CSV: good rows once, refused rows with line and reason, all in one transaction."""

from models.importing.leads import ImportOptions, import_file
from models.importing.report import ImportRefused, ImportReport, RefusedRow

__all__ = ["ImportOptions", "ImportRefused", "ImportReport", "RefusedRow", "import_file"]
