// Builds a Trivy database of prepared rows with trivy-db's own packages, as its build does: a batch of updates for each source, then the
// optimization of vulndb, which ends with the deletion of what was intermediate. Compaction and tar are bbolt's and tar's own.
//
//	peer ROWS FOLDER
//
// ROWS holds a line of JSON a document. Prints the seconds since its start.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/aquasecurity/trivy-db/pkg/db"
	"github.com/aquasecurity/trivy-db/pkg/types"
	"github.com/aquasecurity/trivy-db/pkg/vulndb"
	bolt "go.etcd.io/bbolt"
)

// Documents of one transaction: trivy-db puts a whole source into one, of which the largest has so many.
const batchDocuments = 250_000

type document struct {
	ID       string
	Vendor   string
	Detail   types.VulnerabilityDetail
	Affected []struct {
		Bucket, Package, Fixed, Range string
		Source                        types.DataSource
	}
}

func main() {
	started := time.Now()
	rows, folder := os.Args[1], os.Args[2]
	fail(db.Init(folder))
	file, err := os.Open(rows)
	fail(err)
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<24)
	for insert(lines) == batchDocuments {
	}
	fail(lines.Err())
	fail(vulndb.New(folder, folder, 24*time.Hour).Build(nil))
	fail(db.Close())
	fmt.Printf("%.3f\n", time.Since(started).Seconds())
}

func insert(lines *bufio.Scanner) int {
	count := 0
	fail(db.Config{}.BatchUpdate(func(tx *bolt.Tx) error {
		for count = 0; count < batchDocuments && lines.Scan(); count++ {
			var doc document
			if err := json.Unmarshal(lines.Bytes(), &doc); err != nil {
				return err
			}
			if err := put(tx, doc); err != nil {
				return err
			}
		}
		return nil
	}))
	return count
}

func put(tx *bolt.Tx, doc document) error {
	dbc := db.Config{}
	for _, affected := range doc.Affected {
		if err := dbc.PutDataSource(tx, affected.Bucket, affected.Source); err != nil {
			return err
		}
		advisory := types.Advisory{VendorIDs: []string{doc.Vendor}}
		if affected.Range == "" {
			advisory.FixedVersion = affected.Fixed
		} else {
			advisory.VulnerableVersions = []string{affected.Range}
			advisory.PatchedVersions = []string{affected.Fixed}
		}
		if err := dbc.PutAdvisoryDetail(tx, doc.ID, affected.Package, []string{affected.Bucket}, advisory); err != nil {
			return err
		}
		if err := dbc.PutVulnerabilityDetail(tx, doc.ID, affected.Source.ID, doc.Detail); err != nil {
			return err
		}
	}
	return dbc.PutVulnerabilityID(tx, doc.ID)
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "peer:", err)
		os.Exit(1)
	}
}
