// Evaluates Sigma rules over events by sigma-go, and prints each match: `sigma-go RULES LOG.jsonl`. See bench/peers/README.md.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/bradleyjkemp/sigma-go"
	"github.com/bradleyjkemp/sigma-go/evaluator"
)

func main() {
	rules, err := readRules(os.Args[1])
	if err == nil {
		err = evaluate(rules, os.Args[2])
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func readRules(folder string) ([]sigma.Rule, error) {
	files, err := filepath.Glob(filepath.Join(folder, "*.yml"))
	if err != nil {
		return nil, err
	}
	var rules []sigma.Rule
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		rule, err := sigma.ParseRule(text)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		rules = append(rules, rule)
	}
	return rules, nil
}

// Fields within fields are found by JSONPath alone, so that each field of a rule is mapped to its path.
func pathsOf(rules []sigma.Rule) sigma.Config {
	mappings := map[string]sigma.FieldMapping{}
	for _, rule := range rules {
		for _, search := range rule.Detection.Searches {
			for _, matchers := range search.EventMatchers {
				for _, matcher := range matchers {
					mappings[matcher.Field] = sigma.FieldMapping{TargetNames: []string{"$." + matcher.Field}}
				}
			}
		}
	}
	return sigma.Config{FieldMappings: mappings}
}

func evaluate(rules []sigma.Rule, path string) error {
	expand := evaluator.WithPlaceholderExpander(func(context.Context, string) ([]string, error) { return nil, nil })
	bundle := evaluator.ForRules(rules, evaluator.WithConfig(pathsOf(rules)), evaluator.LazyEvaluation, expand)
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<24)
	matches := bufio.NewWriter(os.Stdout)
	defer matches.Flush()
	for lines.Scan() {
		var event map[string]any
		if err := json.Unmarshal(lines.Bytes(), &event); err != nil {
			return err
		}
		results, err := bundle.Matches(context.Background(), event)
		if err != nil {
			return err
		}
		for _, result := range results {
			if result.Match {
				fmt.Fprintln(matches, result.Title, event["uuid"])
			}
		}
	}
	return lines.Err()
}
