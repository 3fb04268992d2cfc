#!/bin/sh
# >>> data
# <<< data
exit 82
