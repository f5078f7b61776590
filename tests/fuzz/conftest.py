"""`make fuzz` takes the profile `fuzz`; within all tests there are fewer cases, and always the same ones."""

from hypothesis import settings

from tests.fuzz.profiles import LONG

settings.register_profile(LONG, print_blob=True)
