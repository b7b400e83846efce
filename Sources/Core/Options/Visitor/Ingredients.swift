/// What something configured is made of: its options one by one and, apart from them, its plugins and the files that it names.
package struct Ingredients {
  /// Each number, choice and the like by its place within the value, such as `losses[1].weight`; as YAML.
  package private(set) var values: [(place: String, value: String)] = []
  /// Each option that is free text, which may be nobody else's business: it may come from the environment.
  package private(set) var texts: [(place: String, value: String)] = []
  /// Each option that is a path, or a list of them.
  package private(set) var paths: [(place: String, path: OptionPath)] = []
  /// What surrounds another plugin comes before it.
  package private(set) var plugins: [(place: String, plugin: any Plugin)] = []

  fileprivate mutating func add(_ place: String, _ yaml: YAMLValue, _ value: Any?) {
    if let paths = value as? [OptionPath] {
      self.paths += paths.enumerated().map { ("\(place)[\($0)]", $1) }
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
