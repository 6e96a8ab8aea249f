// Opens a bbolt file as bbolt does, for reading alone, checks it, and prints each key as a line of JSON: the path of buckets, and the
// value in base64 (null for a bucket).
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"

	bolt "go.etcd.io/bbolt"
)

type line struct {
	Path  [][]byte `json:"path"`
	Value *[]byte  `json:"value"`
}

func main() {
	if len(os.Args) != 2 {
		fail(fmt.Errorf("usage: bolt-dump FILE"))
	}
	db, err := bolt.Open(os.Args[1], 0o600, &bolt.Options{ReadOnly: true})
	fail(err)
	out := bufio.NewWriter(os.Stdout)
	encoder := json.NewEncoder(out)
	fail(db.View(func(tx *bolt.Tx) error {
		for err := range tx.Check() {
			return err
		}
		return tx.ForEach(func(name []byte, bucket *bolt.Bucket) error {
			return dump(encoder, [][]byte{name}, bucket)
		})
	}))
	fail(out.Flush())
	fail(db.Close())
}

func dump(encoder *json.Encoder, path [][]byte, bucket *bolt.Bucket) error {
	if err := encoder.Encode(line{Path: path}); err != nil {
		return err
	}
	return bucket.ForEach(func(key, value []byte) error {
		below := append(append([][]byte{}, path...), key)
		if value == nil {
			return dump(encoder, below, bucket.Bucket(key))
		}
		return encoder.Encode(line{Path: below, Value: &value})
	})
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bolt-dump:", err)
		os.Exit(1)
	}
}
