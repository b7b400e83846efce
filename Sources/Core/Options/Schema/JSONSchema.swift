extension Configurable {
  /// Returns a JSON Schema (draft 2020-12) of the files that decode to this type, for editors and other tools.
  ///
  /// The schema contains everything that the visit declares: types, ranges, choices, defaults, required options, and which
  /// options belong to which `use`. Conditions between options (`reject`) are only checked by decoding. The schema allows a
  /// reference `${...}` in place of a value, and a file that `extends` another may leave out required options.
  package static func jsonSchema(title: String, registry: PluginRegistry) -> YAMLValue {
    var schema = SchemaBuilder(registry: registry)
    return schema.file(title: title, optionDescriptions(registry: registry))
  }
}

extension OptionDescription {
  /// Whether a mapping without this option is invalid. This includes sections that contain a required option.
  package var mustBeWritten: Bool { isRequired || (shape == .section && nested.contains(where: \.mustBeWritten)) }

  /// The key `extends`, for schemas and references. No visit declares it, because it is resolved before options are visited.
  package static let extends = OptionDescription(
    key: "extends", shape: .path, range: .any, isRequired: false, defaultValue: nil,
    summary: "Another file; what stands at its top holds here, except for the keys that this file has too.", nested: [])
}

/// Builds the schema, in which every option is one object.
///
/// Keywords such as `minimum` and `pattern` apply only to values of their own type. Alternatives such as a number or a reference,
/// or a mapping or null, therefore need no `anyOf`, which would make the messages of editors long.
private struct SchemaBuilder {
  typealias Entry = YAMLValue.Entry

  let registry: PluginRegistry
  /// The kinds of plugins that options refer to. Each has a definition of its own, because plugins can contain plugins.
  private var kinds: [String] = []

  init(registry: PluginRegistry) { self.registry = registry }

  mutating func file(title: String, _ options: [OptionDescription]) -> YAMLValue {
    let required = options.filter(\.mustBeWritten)
    let properties = ([.extends] + options).map { Entry($0.key, schema(of: $0)) }
    var definitions: [Entry] = []
    // A definition may refer to further kinds, which are then appended to `kinds`.
    while definitions.count < kinds.count {
      let kind = kinds[definitions.count]
      definitions.append(Entry(kind, .mapping(plugin(kind, beside: []))))
    }
    return .mapping([
      Entry("$schema", .text("https://json-schema.org/draft/2020-12/schema")),
      Entry("title", .text(title)),
      Entry("type", .text("object")),
      Entry("properties", .mapping(properties)),
      Entry("additionalProperties", .boolean(false)),
      Entry("if", .mapping([Entry("required", .list([.text(OptionDescription.extends.key)]))])),
      Entry("else", .mapping([Entry("required", .list(required.map { .text($0.key) }))])),
      Entry("$defs", .mapping(definitions)),
    ])
  }

  private mutating func schema(of option: OptionDescription) -> YAMLValue {
    var entries = [Entry("description", .text(option.summary))]
    if let value = option.defaultValue { entries.append(Entry("default", value)) }
    switch option.shape {
    case .section: entries += object(option.nested)
    case .optional(.section): entries += object(option.nested, orNull: !option.isRequired)
    case .sections:
      entries += [Entry("type", .text("array")), Entry("items", .mapping(object(option.nested)))]
    case .plugin(let kind):
      if !kinds.contains(kind) { kinds.append(kind) }
      entries += [types(["object"], orNull: !option.isRequired), Entry("$ref", .text("#/$defs/\(kind)"))]
    default: entries += value(option.shape, option.range)
    }
    return .mapping(entries)
  }

  /// Returns the schema of a mapping with these options and no others.
  private mutating func object(_ options: [OptionDescription], orNull: Bool = false) -> [Entry] {
    let type = types(["object"], orNull: orNull)
    for case .pluginName(let kind) in options.map(\.shape) {
      if options.count == 1 {  // a reference, because the plugins of a kind can hold one another
        if !kinds.contains(kind) { kinds.append(kind) }
        return [type, Entry("$ref", .text("#/$defs/\(kind)"))]
      }
      return [type] + plugin(kind, beside: options.filter { $0.shape != .pluginName(kind: kind) })
    }
    return [type] + members(options)
  }

  private mutating func members(_ options: [OptionDescription], use: [Entry] = []) -> [Entry] {
    let required = options.filter(\.mustBeWritten).map { YAMLValue.text($0.key) }
    return (required.isEmpty ? [] : [Entry("required", .list(required))]) + [
      Entry("properties", .mapping(use + options.map { Entry($0.key, schema(of: $0)) })),
      Entry("additionalProperties", .boolean(false)),
    ]
  }

  /// Returns the schema of a mapping whose `use` decides which options belong to it. With an unknown name, all options are
  /// allowed.
  private mutating func plugin(_ kind: String, beside options: [OptionDescription]) -> [Entry] {
    let plugins = registry.plugins(ofKind: kind)
    let names = plugins.map { plugin in
      YAMLValue.mapping([Entry("const", .text(plugin.name)), Entry("description", .text(plugin.type.summary))])
    }
    var cases: [YAMLValue] = []
    for plugin in plugins {
      let use = YAMLValue.mapping([Entry("use", .mapping([Entry("const", .text(plugin.name))]))])
      let own = plugin.type.optionDescriptions(registry: registry)
      let then =
        [Entry("description", .text(plugin.type.summary))] + members(own + options, use: [Entry("use", .boolean(true))])
      cases.append(
        .mapping([
          Entry("if", .mapping([Entry("required", .list([.text("use")])), Entry("properties", use)])),
          Entry("then", .mapping(then)),
        ]))
    }
    let use: [Entry] = [
      Entry("description", .text("Name of the \(kind).")),
      Entry("anyOf", .list(names + [.mapping([types(["string"]), Self.reference])])),
    ]
    return [
      Entry("required", .list([.text("use")])), Entry("properties", .mapping([Entry("use", .mapping(use))])),
    ] + (cases.isEmpty ? [] : [Entry("allOf", .list(cases))])
  }

  private func value(_ shape: OptionShape, _ range: OptionRange, orNull: Bool = false) -> [Entry] {
    switch shape {
    case .text, .path: return [types(["string"], orNull: orNull)]
    case .boolean: return [types(["boolean", "string"], orNull: orNull), Self.reference]
    case .integer: return [types(["integer", "string"], orNull: orNull)] + bounds(range) + [Self.reference]
    case .number: return [types(["number", "string"], orNull: orNull)] + bounds(range) + [Self.reference]
    case .list(let element):
      return [types(["array"], orNull: orNull), Entry("items", .mapping(value(element, range)))]
    case .numbers:
      return [
        types(["object"], orNull: orNull), Entry("additionalProperties", .mapping(value(.number, range))),
      ]
    case .optional(let wrapped): return value(wrapped, range, orNull: true)
    case .choice(let names):
      let names = Entry("enum", .list(names.map { .text($0) }))
      return anyOf([[names], [types(["string"]), Self.reference]], orNull: orNull)
    case .either(let shapes): return anyOf(shapes.map { value($0, range) }, orNull: orNull)
    case .section, .sections, .plugin, .pluginName:
      preconditionFailure("\(shape) has options of its own, and is no value")
    }
  }

  private func anyOf(_ schemas: [[Entry]], orNull: Bool) -> [Entry] {
    [Entry("anyOf", .list((schemas + (orNull ? [[types(["null"])]] : [])).map { .mapping($0) }))]
  }

  private func types(_ names: [String], orNull: Bool = false) -> Entry {
    let names = (names + (orNull ? ["null"] : [])).map { YAMLValue.text($0) }
    return Entry("type", names.count == 1 ? names[0] : .list(names))
  }

  private func bounds(_ range: OptionRange) -> [Entry] {
    func bound(_ key: String, _ x: Double) -> Entry {
      Entry(key, .number(Int(exactly: x).map(String.init) ?? "\(x)"))
    }
    switch range {
    case .any: return []
    case .positive: return [bound("exclusiveMinimum", 0)]
    case .nonNegative: return [bound("minimum", 0)]
    case .unit: return [bound("minimum", 0), bound("maximum", 1)]
    case .atLeast(let low): return [bound("minimum", low)]
    case .between(let low, let high): return [bound("minimum", low), bound("maximum", high)]
    case .from(let low, let high): return [bound("minimum", low), bound("exclusiveMaximum", high)]
    }
  }

  /// Matches a text that contains an unescaped `${`.
  private static let reference = Entry("pattern", .text(#"(^|[^$])\$\{[^}]+\}"#))
}
