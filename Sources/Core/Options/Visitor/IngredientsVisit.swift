/// What something configured is made of: its options one by one and, apart from them, the files that they name.
package struct Ingredients {
  /// Each number, choice and the like by its place within the value, such as `losses[1].weight`; as YAML.
  package fileprivate(set) var values: [(place: String, value: String)] = []
  /// Each option that is free text, which may be nobody else's business: it may come from the environment.
  package fileprivate(set) var texts: [(place: String, value: String)] = []
  /// Each option that is a path, or a list of them.
  package fileprivate(set) var paths: [(place: String, path: OptionPath)] = []
}

extension Configurable {
  package var ingredients: Ingredients {
    let visit = IngredientsVisit()
    var value = self
    visit.visitOptions(of: &value)
    return visit.ingredients
  }
}

/// Takes options down one by one.
private final class IngredientsVisit: OptionVisit {
  var ingredients = Ingredients()
  private var place = ""

  func value<V: OptionValue>(_ key: OptionKey, _ value: inout V, in range: OptionRange) {
    within(key.name) {
      if let paths = value as? [OptionPath] {
        for (index, path) in paths.enumerated() { within("[\(index)]") { ingredients.paths.append((place, path)) } }
      } else if let path = value as? OptionPath {
        ingredients.paths.append((place, path))
      } else if value is String || value is [String] {
        ingredients.texts.append((place, value.yaml.flow))
      } else {
        ingredients.values.append((place, value.yaml.flow))
      }
    }
  }

  func section<T: Configurable>(_ key: OptionKey, _ value: inout T) { within(key.name) { visitOptions(of: &value) } }

  func optionalSection<T: Configurable>(_ key: OptionKey, _ value: inout T?) {
    if var section = value { self.section(key, &section) } else { absent(key) }
  }

  func sections<T: Configurable>(_ key: OptionKey, _ value: inout [T]) {
    for (index, section) in value.enumerated() {
      var section = section
      within("\(key.name)[\(index)]") { visitOptions(of: &section) }
    }
  }

  func plugin<P>(_ key: OptionKey, _ value: inout P?) {
    if value == nil { absent(key) } else { within(key.name) { use(&value, key.summary) } }
  }

  func use<P>(_ value: inout P?, _ summary: String) {
    guard let plugin = value as? any Plugin else { return }
    within("use") { ingredients.values.append((place, type(of: plugin).name)) }
    visitCopy(of: plugin)
  }

  private func visitCopy<T: Plugin>(of plugin: T) {
    var copy = plugin
    visitOptions(of: &copy)
  }

  private func absent(_ key: OptionKey) { within(key.name) { ingredients.values.append((place, "null")) } }

  private func within(_ name: String, _ body: () -> Void) {
    let outer = place
    place += place.isEmpty || name.hasPrefix("[") ? name : ".\(name)"
    body()
    place = outer
  }
}
