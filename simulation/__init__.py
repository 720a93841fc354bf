"""An offline target and judge. Every number they lead to is SIMULATED."""
