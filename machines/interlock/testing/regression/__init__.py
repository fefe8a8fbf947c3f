"""From a run that was recorded to a test that does it again."""

from interlock.testing.regression.source import Regression, regression

__all__ = ["Regression", "regression"]
