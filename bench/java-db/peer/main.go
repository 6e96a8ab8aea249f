// Builds a Java DB of rows with trivy-java-db's own package, as its builder does: a transaction for each batch of over a thousand rows, then
// VACUUM. tar and gzip are their own.
//
//	peer ROWS FOLDER
//
// ROWS holds a line a JAR: group, artifact, version, classifier and SHA-1, with tabs between them. Prints the seconds since its start.
package main

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/aquasecurity/trivy-java-db/pkg/db"
	"github.com/aquasecurity/trivy-java-db/pkg/types"
	_ "modernc.org/sqlite"
)

const batchRows = 1000

func main() {
	started := time.Now()
	rows, folder := os.Args[1], os.Args[2]
	database, err := db.New(folder)
	fail(err)
	fail(database.Init())
	file, err := os.Open(rows)
	fail(err)
	var batch []types.Index
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		columns := strings.Split(lines.Text(), "\t")
		sha1, err := hex.DecodeString(columns[4])
		fail(err)
		batch = append(batch, types.Index{
			GroupID:     columns[0],
			ArtifactID:  columns[1],
			Version:     columns[2],
			SHA1:        sha1,
			ArchiveType: types.JarType,
		})
		if len(batch) > batchRows {
			fail(database.InsertIndexes(batch))
			batch = batch[:0]
		}
	}
	fail(lines.Err())
	fail(database.InsertIndexes(batch))
	fail(database.VacuumDB())
	fmt.Printf("%.3f\n", time.Since(started).Seconds())
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "peer:", err)
		os.Exit(1)
	}
}
