"""Speed and memory as ratios measured in one run: python3 -m dev bench. Nothing here is asserted by a test."""
