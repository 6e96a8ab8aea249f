module stella/tink-stream

go 1.24

require github.com/tink-crypto/tink-go/v2 v2.4.0

require (
	golang.org/x/crypto v0.35.0 // indirect
	golang.org/x/sys v0.30.0 // indirect
	google.golang.org/protobuf v1.36.5 // indirect
)
