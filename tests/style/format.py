#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""clang-format decides: .c and .h files are as it would write them."""
import subprocess
import sys

import tree


def main():
    paths = tree.files('.c', '.h')
    if not paths:
        sys.exit('no files were found to check')
    sys.exit(subprocess.run(['clang-format', '--dry-run', '-Werror', *paths], cwd=tree.ROOT,
                            stdin=subprocess.DEVNULL).returncode)


if __name__ == '__main__':
    main()
