# SPDX-License-Identifier: Apache-2.0
"""A cluster whose services are swapped one by one while clients work on it."""
