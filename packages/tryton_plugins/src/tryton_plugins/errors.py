"""Every refusal of this package: a sentence, a stable code and the parameters of the sentence.

    PluginError
    ├── ConfigurationError       the host's settings
    ├── ArchiveError             a plugin archive
    ├── LicenceError             a licence
    └── InstallError             an installation that was refused, or failed and was taken back

The ERP translates by `code` and `parameters`; the command line prints the English sentence. No error
carries a private key or a database password.
"""

from typing import ClassVar


class PluginError(Exception):
    """Root: `str()` is one sentence that says what is wrong and what to do."""

    code: ClassVar[str] = "plugin_error"
    sentence: ClassVar[str] = "{reason}"

    def __init__(self, **parameters: object) -> None:
        self.parameters = {name: str(value) for name, value in parameters.items()}
        super().__init__(self.sentence.format(**self.parameters))


class ConfigurationError(PluginError):
    """The host's settings cannot be used."""

    code = "configuration"
    sentence = "{reason}"


class ArchiveError(PluginError):
    """Root of what can be wrong with an archive."""


class ArchiveUnreadable(ArchiveError):
    """Not a plugin archive at all."""

    code = "archive_unreadable"
    sentence = "{archive} is not a plugin archive ({reason})."


class ArchiveTampered(ArchiveError):
    """A file differs from what the vendor signed."""

    code = "archive_tampered"
    sentence = "The archive {archive} was altered: {file} is not what the vendor signed. Get it again."


class ArchiveUnsafe(ArchiveError):
    """A file name that leads out of the archive, a link, or a duplicate."""

    code = "archive_unsafe"
    sentence = "The archive {archive} is refused: the entry {file} would be written outside its place."


class ArchiveTooLarge(ArchiveError):
    """More bytes than a plugin has."""

    code = "archive_too_large"
    sentence = "The archive {archive} is refused: {file} is larger than {limit} bytes."


class UntrustedKey(ArchiveError):
    """Signed, but by nobody this server trusts."""

    code = "untrusted_key"
    sentence = (
        "{archive} is signed with the key {key}, which this server does not trust;"
        " add the vendor's public key to {place} if it is right."
    )


class WrongSeries(ArchiveError):
    """Made for another Tryton."""

    code = "wrong_series"
    sentence = "{plugin} {version} is made for Tryton {wanted}, this server runs {found}."


class BuildError(ArchiveError):
    """An archive could not be built."""

    code = "build"
    sentence = "The archive cannot be built: {reason}"


class LicenceError(PluginError):
    """Root of what can be wrong with a licence."""


class LicenceMissing(LicenceError):
    """No licence was given and none is on the server."""

    code = "licence_missing"
    sentence = "There is no licence for {plugin} on this server; put the vendor's licence file there."


class LicenceUnreadable(LicenceError):
    """Not a licence at all."""

    code = "licence_unreadable"
    sentence = "{licence} is not a licence file."


class LicenceForged(LicenceError):
    """The signature does not fit the content, or nobody we trust made it."""

    code = "licence_forged"
    sentence = "The licence {licence} is not valid: it is not signed by a vendor this server trusts, or was altered."


class LicenceOtherPlugin(LicenceError):
    """For another plugin."""

    code = "licence_other_plugin"
    sentence = "The licence of {licensee} is for {licensed}, not for {plugin}."


class LicenceNotYetValid(LicenceError):
    """Begins later."""

    code = "licence_not_yet_valid"
    sentence = "The licence of {licensee} for {plugin} is valid from {valid_from}, today is {today}."


class LicenceExpired(LicenceError):
    """Has ended."""

    code = "licence_expired"
    sentence = "The licence of {licensee} for {plugin} ended on {valid_until}; ask the vendor to renew it."


class LicenceOtherDatabase(LicenceError):
    """Names other databases."""

    code = "licence_other_database"
    sentence = "The licence of {licensee} for {plugin} covers the databases {databases}, not {database}."


class LicenceExhausted(LicenceError):
    """All databases of the licence are taken."""

    code = "licence_exhausted"
    sentence = "The licence of {licensee} for {plugin} covers {max} databases and they are in use: {databases}."


class InstallError(PluginError):
    """Root of what stops an installation."""


class RequirementMissing(InstallError):
    """A third-party library is missing or too old."""

    code = "requirement_missing"
    sentence = "{plugin} needs {requirement} on the server, found: {found}. Install it there, then try again."


class DatabaseMissing(InstallError):
    """No such database."""

    code = "database_missing"
    sentence = "There is no database {database} on the server."


class NotTrytonDatabase(InstallError):
    """A database without Tryton in it."""

    code = "not_tryton_database"
    sentence = "{database} is not a Tryton database."


class ModuleMissing(InstallError):
    """A module the plugin stands on is not activated there."""

    code = "module_missing"
    sentence = (
        "{plugin} needs {title} (module {module}) correctly installed in database {database},"
        " it is {state} there. Install {title} first, then the plugin."
    )


class ModulesPending(InstallError):
    """Somebody began a module change in the ERP and did not perform it."""

    code = "modules_pending"
    sentence = (
        "Database {database} has module changes that wait to be performed ({modules}); perform or cancel them first."
    )


class ServiceModeBusy(InstallError):
    """Another installation runs."""

    code = "service_mode_busy"
    sentence = "Database {database} is in service mode already since {started}: {reason}."


class NotQuiet(InstallError):
    """Requests or jobs of the database did not end in time."""

    code = "not_quiet"
    sentence = "{what} of database {database} did not end within {seconds} seconds; nothing was changed, try again."


class ActivationFailed(InstallError):
    """The module could not be activated; the database is as before."""

    code = "activation_failed"
    sentence = (
        "The module {module} could not be activated in {database}: {reason}."
        " The database is as it was before, service mode has ended."
    )


class RequestUnknown(InstallError):
    """No such request."""

    code = "request_unknown"
    sentence = "There is no installation request {request}."
