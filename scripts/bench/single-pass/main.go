// A layer in one pass with nothing but Go's standard library: archive/tar, sha256 and, with OUT, gzip at its fastest level, sha256 again and a
// file. Walk and headers are the Go lifecycle's, so that the diffID is too. Prints {"diffId","digest","size"}.
//
//	single-pass DIR [OUT]
package main

import (
	"archive/tar"
	"bufio"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"time"
)

var layerTime = time.Date(1980, time.January, 1, 0, 0, 1, 0, time.UTC)

func main() {
	if len(os.Args) < 2 || len(os.Args) > 3 {
		fail(fmt.Errorf("usage: single-pass DIR [OUT]"))
	}
	tarHash := sha256.New()
	if len(os.Args) == 2 {
		fail(writeTar(os.Args[1], tarHash))
		fmt.Printf("{\"diffId\":%q}\n", digest(tarHash))
		return
	}
	file, err := os.Create(os.Args[2])
	fail(err)
	blobHash := sha256.New()
	buffered := bufio.NewWriterSize(io.MultiWriter(file, blobHash), 128<<10)
	compressor, err := gzip.NewWriterLevel(buffered, gzip.BestSpeed)
	fail(err)
	fail(writeTar(os.Args[1], io.MultiWriter(compressor, tarHash)))
	fail(compressor.Close())
	fail(buffered.Flush())
	size, err := file.Seek(0, io.SeekCurrent)
	fail(err)
	fail(file.Close())
	fmt.Printf("{\"diffId\":%q,\"digest\":%q,\"size\":%d}\n", digest(tarHash), digest(blobHash), size)
}

func writeTar(directory string, out io.Writer) error {
	directory, err := filepath.Abs(directory)
	if err != nil {
		return err
	}
	// Small writes to two places at once cost more than the copy into a buffer.
	buffered := bufio.NewWriterSize(out, 128<<10)
	archive := tar.NewWriter(buffered)
	buffer := make([]byte, 128<<10)
	for _, parent := range parents(directory) {
		info, err := os.Stat(parent)
		if err != nil {
			return err
		}
		if err := add(archive, parent, info, buffer); err != nil {
			return err
		}
	}
	err = filepath.Walk(directory, func(path string, info os.FileInfo, err error) error {
		if err != nil {
			return err
		}
		return add(archive, path, info, buffer)
	})
	if err != nil {
		return err
	}
	if err := archive.Close(); err != nil {
		return err
	}
	return buffered.Flush()
}

// parents are the directories above path, top first, without the root.
func parents(path string) []string {
	parent := filepath.Dir(path)
	if parent == "/" {
		return nil
	}
	return append(parents(parent), parent)
}

func add(archive *tar.Writer, path string, info os.FileInfo, buffer []byte) error {
	header, err := tar.FileInfoHeader(info, "")
	if err != nil {
		return err
	}
	header.Name = path
	header.ModTime = layerTime
	header.Uname, header.Gname = "", ""
	if info.Mode()&os.ModeSymlink != 0 {
		if header.Linkname, err = os.Readlink(path); err != nil {
			return err
		}
	}
	if err := archive.WriteHeader(header); err != nil || !info.Mode().IsRegular() {
		return err
	}
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = io.CopyBuffer(struct{ io.Writer }{archive}, struct{ io.Reader }{file}, buffer)
	return err
}

func digest(sum hash.Hash) string {
	return "sha256:" + hex.EncodeToString(sum.Sum(nil))
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}
