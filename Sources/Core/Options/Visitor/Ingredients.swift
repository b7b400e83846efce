/// The parts of a configured value: its options, the plugins that it contains, and the files that it names.
package struct Ingredients {
  /// All options that are neither text nor paths, such as numbers and choices, in YAML. A place is a path such as
  /// `losses[1].weight`.
  package private(set) var values: [(place: String, value: String)] = []
  /// All options that are free text. They are apart because they may be private: a text may come from the environment.
  package private(set) var texts: [(place: String, value: String)] = []
  /// All options that are paths, and the paths of those that may have several.
  package private(set) var paths: [(place: String, path: OptionPath)] = []
  /// All plugins. A plugin comes before the plugins that it contains.
  package private(set) var plugins: [(place: String, plugin: any Plugin)] = []

  fileprivate mutating func add(_ place: String, _ yaml: YAMLValue, _ value: Any?) {
    if let several = value as? OptionPaths {
      paths += several.places(at: place)
    } else if let path = value as? OptionPath {
      paths.append((place, path))
    } else if value is String || value is [String] {
      texts.append((place, yaml.flow))
    } else {
      values.append((place, yaml.flow))
    }
    if let plugin = value as? any Plugin { plugins.append((String(place.dropLast(".use".count)), plugin)) }
  }
}

extension Configurable {
  /// The parts of this value.
  package var ingredients: Ingredients {
    var found = Ingredients()
    let visit = WritingVisit { place, yaml, value in
      found.add(place, yaml, value)
      return yaml
    }
    _ = visit.mapping(self)
    return found
  }
}
