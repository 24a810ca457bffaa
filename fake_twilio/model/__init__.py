"""The data of the emulator: calls, messages, phones, numbers; no behaviour beyond the object itself."""
