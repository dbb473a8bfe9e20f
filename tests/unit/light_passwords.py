"""Argon2 with the least that it takes, for tests of what stands around it."""

from argon2 import PasswordHasher

LIGHT = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
