"""Speed and memory as ratios measured in one run: python3 -m dev bench. No test asserts a speed."""
