"""The benchmark: `forms` builds the apps in every form, `measure` measures them, and `report` shows the results."""
