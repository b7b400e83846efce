// A plugin imports `DistillCore` and has the words it needs: tensors, text, options, files.
@_exported import DistillFormats
@_exported import DistillOptions
@_exported import DistillTensor
@_exported import DistillText
