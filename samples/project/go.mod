module example.com/shop

go 1.21

require golang.org/x/net v0.16.0
