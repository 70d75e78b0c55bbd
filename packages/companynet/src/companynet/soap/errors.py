"""What a message can be to the contract."""


class ContractBroken(ValueError):
    """A message does not fit the contract; the text says where and why."""
