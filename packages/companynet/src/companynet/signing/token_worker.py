"""One thread a PKCS#11 module: everything said to a module is said from its own thread.

python-pkcs11 initialises modules without locks, and a login belongs to the whole process, not to a session.
# S-160 S-161
"""

import contextlib
import os
import queue
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

import pkcs11
from pkcs11 import exceptions

from companynet.errors import DriverError, PinLocked, SigningDeclined, SigningError, TokenAbsent, WrongPin
from companynet.signing.identity import TokenPlace
from companynet.signing_reasons import ReasonCode

if TYPE_CHECKING:
    from pkcs11._pkcs11 import lib as Library  # noqa: N812 -- a class in the clothes of a function

T = TypeVar("T")

#: What a module or the library around it may raise. Unknown codes are a plain PKCS11Error.
DRIVER_ERRORS: Final = (exceptions.PKCS11Error, ValueError, TypeError, KeyError, NotImplementedError, OSError)

#: What the errors of drivers mean. The first that fits counts; all others are a driver that failed.
_MEANINGS: Final[tuple[tuple[tuple[type[Exception], ...], type[SigningError], ReasonCode, str], ...]] = (
    (
        (exceptions.PinLocked,),
        PinLocked,
        ReasonCode.PIN_LOCKED,
        "the PIN is locked; unlock it with the vendor's program",
    ),
    (
        (exceptions.PinIncorrect, exceptions.PinInvalid, exceptions.PinLenRange),
        WrongPin,
        ReasonCode.PIN_WRONG,
        "the PIN is wrong",
    ),
    (
        (exceptions.FunctionCancelled, exceptions.FunctionRejected),
        SigningDeclined,
        ReasonCode.DECLINED_ON_DEVICE,
        "the signature was declined on the device",
    ),
    (
        (
            exceptions.DeviceRemoved,
            exceptions.TokenNotPresent,
            exceptions.TokenNotRecognised,
            exceptions.NoSuchToken,
            exceptions.SlotIDInvalid,
        ),
        TokenAbsent,
        ReasonCode.TOKEN_ABSENT,
        "there is no such token; is the card in the reader?",
    ),
    (
        (exceptions.PinExpired, exceptions.UserPinNotInitialized),
        DriverError,
        ReasonCode.PIN_NOT_SET,
        "the PIN must first be set with the vendor's program",
    ),
    ((exceptions.UserNotLoggedIn,), DriverError, ReasonCode.PIN_MISSING, "the token wants a PIN, and none was given"),
    (
        (exceptions.UserAlreadyLoggedIn, exceptions.AnotherUserAlreadyLoggedIn),
        DriverError,
        ReasonCode.TOKEN_LOGGED_IN,
        "another part of this program is logged in to the token",
    ),
)

#: Seconds another signature with the same token may take before ours gives up.
_TOKEN_WAIT: Final = 60.0


class ModuleWorker:
    """Talks to one module. Get it with :func:`worker_for`.

    Args:
        module: path of the module.
    """

    def __init__(self, module: str) -> None:
        self._module = module
        self._jobs: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._locks: dict[tuple[str, str], threading.Lock] = {}
        # A daemon: a driver that hangs must not keep the program from ending.
        threading.Thread(target=self._work, name=f"pkcs11 {module}", daemon=True).start()

    def run(self, work: "Callable[[Library], T]", *, timeout: float | None = None) -> T:
        """Have the thread do something with the module, and wait for it.

        Args:
            work: is given the loaded module. It may raise :class:`SigningError` and what drivers raise.
            timeout: seconds to wait; None for as long as it takes (a person may be typing on a PIN pad).

        Raises:
            SigningError: what ``work`` raised, or the driver's error translated.
            DriverError: no answer in time. The thread waits on, and later work waits behind it.
        """
        return self.answer(self.start(work), timeout=timeout)

    def start(self, work: "Callable[[Library], T]") -> "Future[T | SigningError]":
        """Have the thread do something; :meth:`answer` waits for it."""
        future: Future[T | SigningError] = Future()

        def job() -> None:
            try:
                future.set_result(self._guarded(work))
            except BaseException as error:  # noqa: BLE001 -- the caller gets it; the thread must live on
                future.set_exception(error)

        self._jobs.put(job)
        return future

    def answer(self, future: "Future[T | SigningError]", *, timeout: float | None) -> T:
        """Wait for what was started; arguments and errors as for :meth:`run`."""
        late = False
        try:
            result = future.result(timeout)
        except TimeoutError:
            late = True
        if late:
            raise DriverError(
                f"{self._module}: the driver does not answer",
                reason_code=ReasonCode.DRIVER_SILENT,
                place=self._module,
            )
        # Raised here, where no driver's exception can be its context.
        if isinstance(result, SigningError):
            raise result
        return result

    @contextlib.contextmanager
    def alone_with(self, place: TokenPlace) -> Iterator[None]:
        """Keep others from the token while it is unlocked: they would use, or end, our login.

        Raises:
            DriverError: somebody else keeps it for too long.
        """
        lock = self._locks.setdefault((place.serial, place.label), threading.Lock())
        if not lock.acquire(timeout=_TOKEN_WAIT):
            raise DriverError(
                f"{place.label}: the token is in use by another signature",
                reason_code=ReasonCode.TOKEN_IN_USE,
                place=place.label,
            )
        try:
            yield
        finally:
            lock.release()

    def _work(self) -> None:
        while True:
            self._jobs.get()()

    def _guarded(self, work: "Callable[[Library], T]") -> T | SigningError:
        try:
            return work(self._load())
        except SigningError as error:
            # Frames and contexts of drivers' errors may hold the PIN.
            return error.with_traceback(None)
        except DRIVER_ERRORS as error:
            return translated(error, self._module)

    def _load(self) -> "Library":
        try:
            if self._module in _of_parent:
                _of_parent.discard(self._module)
                # Some modules take what the parent did for their own, and refuse to be initialised again.
                with contextlib.suppress(*DRIVER_ERRORS):
                    pkcs11.lib(self._module).finalize()
            return pkcs11.lib(self._module)
        except DRIVER_ERRORS as error:
            reason = type(error).__name__
        raise DriverError(
            f"{self._module}: the driver cannot be loaded ({reason})",
            reason_code=ReasonCode.DRIVER_NOT_LOADED,
            place=self._module,
            error=reason,
        )


def translated(error: Exception, where: str) -> SigningError:
    """A driver's error as one of ours; texts of drivers are not passed on."""
    for kinds, meaning, code, words in _MEANINGS:
        if isinstance(error, kinds):
            return meaning(f"{where}: {words}", reason_code=code, place=where)
    kind = type(error).__name__
    return DriverError(
        f"{where}: the driver failed ({kind})", reason_code=ReasonCode.DRIVER_FAILED, place=where, error=kind
    )


_workers: dict[str, ModuleWorker] = {}
#: Modules that were loaded when this process was forked, until they are used.
_of_parent: Final[set[str]] = set()
_workers_lock: Final = threading.Lock()


def worker_for(module: str) -> ModuleWorker:
    """The one worker of a module in this process.

    Args:
        module: path of the module; links to one module are the same.
    """
    path = Path(module)
    module = str(path.resolve()) if path.exists() else module
    with _workers_lock:
        if module not in _workers:
            _workers[module] = ModuleWorker(module)
        return _workers[module]


def _after_fork() -> None:
    """A child has none of its parent's threads, and must initialise modules anew.  # S-161"""
    _of_parent.update(_workers)
    _workers.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
