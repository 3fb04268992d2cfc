#!/bin/sh
# Makes layers in CNB_LAYERS_DIR, of the app in the working directory. What it prints is shown to the user.
set -eu

# A layer is a directory, and a NAME.toml that says what it is for.
layer="$CNB_LAYERS_DIR/greeter"
mkdir -p "$layer/bin" "$layer/env"
cat >"$layer/bin/greet" <<'PROGRAM'
#!/bin/sh
echo "$GREETING"
PROGRAM
chmod 755 "$layer/bin/greet"
# Variables of the started app: a file each (NAME.default, .append, .prepend, .override).
cp greeting.txt "$layer/env/GREETING.default"
printf '[types]\nlaunch = true\n' >"$layer.toml"

# What can be started in the image.
cat >"$CNB_LAYERS_DIR/launch.toml" <<'LAUNCH'
[[processes]]
type = "web"
command = ["greet"]
default = true
LAUNCH
echo "the image will say: $(cat greeting.txt)"
