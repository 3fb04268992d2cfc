#!/bin/sh
# Writes Dockerfiles into CNB_OUTPUT_DIR that extend the build image or the run image.
set -eu

cat >"$CNB_OUTPUT_DIR/build.Dockerfile" <<'DOCKERFILE'
ARG base_image
FROM ${base_image}
USER root
RUN echo extended >/extended.txt
ARG user_id
USER ${user_id}
DOCKERFILE
