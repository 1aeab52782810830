module sigma-go-bench

go 1.22

require github.com/bradleyjkemp/sigma-go v0.0.0

replace github.com/bradleyjkemp/sigma-go => ./library
