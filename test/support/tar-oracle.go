// Reads one JSON header a line and answers, a line each, the base64 of the bytes that Go's archive/tar writes for it, normalised as
// the Go lifecycle does (no names of users, the fixed time), or "error: …". Started by test/peer/tar-peers.test.ts with `go run`.
package main

import (
	"archive/tar"
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"time"
)

type header struct {
	Name, Linkname                        []byte
	Type                                  string
	Mode, Size, Uid, Gid, Major, Minor int64
	Mtime                                 int64
}

var types = map[string]byte{
	"file": tar.TypeReg, "directory": tar.TypeDir, "symlink": tar.TypeSymlink, "hardlink": tar.TypeLink,
	"fifo": tar.TypeFifo, "char": tar.TypeChar, "block": tar.TypeBlock,
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<24)
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	for lines.Scan() {
		var h header
		if err := json.Unmarshal(lines.Bytes(), &h); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		var written bytes.Buffer
		err := tar.NewWriter(&written).WriteHeader(&tar.Header{
			Name: string(h.Name), Linkname: string(h.Linkname), Typeflag: types[h.Type], Mode: h.Mode, Size: h.Size,
			Uid: int(h.Uid), Gid: int(h.Gid), Devmajor: h.Major, Devminor: h.Minor, ModTime: time.Unix(h.Mtime, 0),
		})
		if err != nil {
			fmt.Fprintf(out, "error: %v\n", err)
			continue
		}
		fmt.Fprintln(out, base64.StdEncoding.EncodeToString(written.Bytes()))
	}
}
