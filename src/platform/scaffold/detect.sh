#!/bin/sh
# Decides whether this buildpack takes part: exit 0 = yes, 100 = no, anything else = an error.
# CNB_BUILD_PLAN_PATH: what it provides and requires; CNB_PLATFORM_DIR/env: the user's variables, a file each.
set -eu

# An app that wants to be greeted has a file of that name.
[ -f greeting.txt ] || exit 100
