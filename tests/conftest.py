"""What holds for every test: none depends on speed, so Hypothesis does not look at the clock."""

from hypothesis import HealthCheck, settings

settings.register_profile("packtrail", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("packtrail")
