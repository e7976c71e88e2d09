"""Show; never judge: the pytest plugin, the command, the reports.  Offers no names: the plugin stays light.

PYTEST_DONT_REWRITE
"""
