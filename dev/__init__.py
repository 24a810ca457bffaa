"""What runs on a laptop only: the door `python3 -m dev`, the storage emulator, a fake Twilio with phones, a host."""
