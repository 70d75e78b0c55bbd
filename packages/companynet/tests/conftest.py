"""Rules of all tests of the library."""

from hypothesis import settings

# A machine that is busy with something else must fail no property.
settings.register_profile("companynet", deadline=None)
settings.load_profile("companynet")
