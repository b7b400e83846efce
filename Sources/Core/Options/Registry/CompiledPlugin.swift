/// One line of `plugins.yaml`, in the form in which generated code passes it to the program.
public struct CompiledPlugin: Sendable {
  package let kind: String
  package let name: String
  package let type: any Plugin.Type

  public init(kind: String, name: String, type: any Plugin.Type) {
    self.kind = kind
    self.name = name
    self.type = type
  }
}
