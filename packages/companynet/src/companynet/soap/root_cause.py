"""What went wrong on a connection, below what the HTTP libraries make of it."""


def root_cause(error: BaseException) -> BaseException:
    """What lies below the wrappers of requests and urllib3."""
    seen = error
    while True:
        inner = getattr(seen, "reason", None)
        if not isinstance(inner, BaseException):
            inner = next((item for item in seen.args if isinstance(item, BaseException)), None)
        if inner is None or inner is seen:
            return seen
        seen = inner
