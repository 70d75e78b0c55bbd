# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""Keeping secrets out of what clients can read and out of what is stored."""
from trytond.pool import Pool
from trytond.transaction import Transaction


class SealedMixin:
    """A model with fields whose content is sealed by the vault.

    They are blank in read, search and export and are not copied; the
    server's own code reads them through the vault. So are its hidden fields:
    hashes of what serves once, which nobody opens.
    """
    __slots__ = ()
    _sealed_fields = ()
    _hidden_fields = ()

    @classmethod
    def _blank_fields(cls):
        return (*cls._sealed_fields, *cls._hidden_fields)

    @classmethod
    def _blank_cache(cls, ids):
        cache = Transaction().get_cache().get(cls.__name__)
        if cache is None:
            return
        for id_ in ids:
            if id_ in cache:
                for name in cls._blank_fields():
                    cache[id_][name] = None

    @classmethod
    def read(cls, ids, fields_names):
        result = super().read(ids, fields_names)
        for values in result:
            for name in cls._blank_fields():
                if name in values:
                    values[name] = None
        cls._blank_cache(ids)
        return result

    @classmethod
    def search(
            cls, domain, offset=0, limit=None, order=None, count=False,
            query=False):
        records = super().search(
            domain, offset=offset, limit=limit, order=order, count=count,
            query=query)
        if not count and not query:
            cls._blank_cache([r.id for r in records])
        return records

    @classmethod
    def copy(cls, records, default=None):
        default = default.copy() if default is not None else {}
        for name in cls._blank_fields():
            default[name] = None
        return super().copy(records, default=default)

    @classmethod
    def give_up(cls, reason):
        """Let go of what no key opens any more, in a copy of a database.

        reason is the sentence on why. A model whose records mean nothing
        without their secrets does more.
        """
        cls.write(cls.search([]), dict.fromkeys(cls._blank_fields()))


def sealed_models():
    "The models with sealed fields; first those that others are made of last"
    return [
        model for _, model in reversed(list(Pool().iterobject()))
        if issubclass(model, SealedMixin)]


class ForgetfulMixin:
    """A wizard that never stores some of its fields.

    What a client sends is kept between the states of a wizard in the clear;
    the fields of _forgotten (by name of the state view) are blanked before
    anything of the wizard is written.
    """
    _forgotten = {}

    def _forget(self):
        for state, names in self._forgotten.items():
            for name in names:
                setattr(getattr(self, state), name, None)

    def _save(self):
        self._forget()
        super()._save()
