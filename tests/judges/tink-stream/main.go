// tink-stream decrypts a file that Tink's streaming AEAD reads, by a key with the parameters of the template AES256_GCM_HKDF_1MB.
//
//	tink-stream <key, in hexadecimal> <associated data> < ciphertext > plaintext
package main

import (
	"encoding/hex"
	"fmt"
	"io"
	"os"

	"github.com/tink-crypto/tink-go/v2/streamingaead/subtle"
)

func main() {
	if err := decrypt(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func decrypt(words []string) error {
	if len(words) != 2 {
		return fmt.Errorf("give a key and associated data")
	}
	key, err := hex.DecodeString(words[0])
	if err != nil {
		return err
	}
	aead, err := subtle.NewAESGCMHKDF(key, "SHA256", 32, 1<<20, 0)
	if err != nil {
		return err
	}
	plain, err := aead.NewDecryptingReader(os.Stdin, []byte(words[1]))
	if err != nil {
		return err
	}
	_, err = io.Copy(os.Stdout, plain)
	return err
}
