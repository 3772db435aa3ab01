"""Any image-to-video pipeline that diffusers can load from a folder, as it stands.

What a pipeline can do is read off its call and its settings (`capabilities`), before torch is imported; a run is
diffusers' own call, watched and resumed at its scheduler (`tap`).
"""
